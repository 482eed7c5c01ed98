//! A small repository with something of everything that git stores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::pack::Object;
use crate::repository::unpacked;

/// The repository, and what can be changed in it.
pub(crate) struct Template {
    pub(crate) root: PathBuf,
    pub(crate) git_dir: PathBuf,
    /// Where reports go.
    pub(crate) report: PathBuf,
    /// Files whose bytes are worth changing.
    pub(crate) files: Vec<PathBuf>,
    /// Indexes of several versions.
    pub(crate) indexes: Vec<Vec<u8>>,
    /// All objects.
    pub(crate) objects: Vec<Object>,
    _folder: TempDir,
}

impl Template {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let root = folder.path().canonicalize().expect("it is there").join("repository");
        fs::create_dir(&root).expect("a folder");
        let mut template = Self {
            git_dir: root.join(".git"),
            report: folder.path().join("report"),
            root,
            files: Vec::new(),
            indexes: Vec::new(),
            objects: Vec::new(),
            _folder: folder,
        };
        template.commit_things();
        template.objects = template.all_objects();
        template.pack_things();
        template.stage_things();
        template.list_files();
        template
    }

    /// Where an object would stand by itself.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.git_dir.join("objects").join(&id[..2]).join(&id[2..])
    }

    fn commit_things(&self) {
        self.git(&["init", "-q", "-b", "main"]);
        let value = ["Wq7-tange", "rine-4411"].concat();
        let mut lines: Vec<_> =
            (0..12).map(|line| format!("line {line} says {}\n", line * 7919)).collect();
        for round in 0..6 {
            lines[round * 2] = format!("and now {round}\n");
            lines[7] = format!("db_password = '{value}{}'\n", round / 3);
            self.write("src/app.conf", &lines.concat());
            self.write(&format!("docs/{round}.md"), &lines[..6].concat());
            self.write(".mcp.json", &format!("{{\"mcpServers\": {{\"a\": {{\"command\": \"npx\", \"args\": [\"-y\", \"x{round}\"]}}}}}}\n"));
            self.write(".claude/settings.json", "{\"permissions\": {\"allow\": [\"Bash(*)\"]}}\n");
            self.write(".gitmodules", "[submodule \"s\"]\n\tpath = s\n\turl = ../s\n");
            self.git(&["add", "-A"]);
            let submodule = format!("160000,{},s", "1".repeat(40));
            self.git(&["update-index", "--add", "--cacheinfo", &submodule]);
            self.git(&["commit", "-q", "-m", &format!("Round {round}")]);
            if round == 2 {
                self.git(&["checkout", "-q", "-b", "side"]);
                self.write("side.txt", "on the side\n");
                self.git(&["add", "-A"]);
                self.git(&["commit", "-q", "-m", "Aside"]);
                self.git(&["checkout", "-q", "main"]);
            }
        }
        self.git(&["merge", "-q", "--no-ff", "-m", "Merge", "side"]);
        self.git(&["tag", "-a", "v1", "-m", "One"]);
        self.git(&["tag", "-a", "v2", "-m", &format!("Of a tag\n\npassword: {value}"), "v1"]);
        self.git(&["update-ref", "refs/tree", "HEAD^{tree}"]);
        self.git(&["update-ref", "refs/remotes/origin/main", "HEAD~1"]);
    }

    /// Everything is loose before it is packed.
    fn all_objects(&self) -> Vec<Object> {
        let mut objects = Vec::new();
        for folder in fs::read_dir(self.git_dir.join("objects")).expect("it is there").flatten() {
            let head = folder.file_name().to_string_lossy().into_owned();
            if head.len() != 2 {
                continue;
            }
            for file in fs::read_dir(folder.path()).expect("it is there").flatten() {
                let content = fs::read(file.path()).expect("it can be read");
                let (kind, content) = unpacked(&content).expect("git has written it");
                objects.push((
                    format!("{head}{}", file.file_name().to_string_lossy()),
                    kind,
                    content,
                ));
            }
        }
        objects.sort();
        objects
    }

    fn pack_things(&self) {
        self.git(&["repack", "-q", "-a", "-d", "-f", "--depth=9", "--window=20"]);
        // Another pack, and objects that stay as they are.
        for (name, packs) in [("more.txt", true), ("last.txt", false)] {
            self.write(name, &format!("token = {}\n", "a1".repeat(9)));
            self.git(&["add", "-A"]);
            self.git(&["commit", "-q", "-m", name]);
            if packs {
                self.git(&["repack", "-q", "-d"]);
            }
        }
        self.git(&["multi-pack-index", "write"]);
        self.git(&["commit-graph", "write", "--reachable"]);
        self.git(&["pack-refs", "--all"]);
        self.git(&["update-ref", "refs/heads/loose", "HEAD~1"]);
    }

    fn stage_things(&mut self) {
        self.write("src/app.conf", "api_key = 'new'\nother = 1\n");
        self.write("new/.env", &["SECRET_KEY=", "Wq7-tange", "rine-4412\n"].concat());
        self.write("new/run.sh", "#!/bin/sh\n");
        self.git(&["add", "-A"]);
        self.git(&["rm", "-q", "--cached", "docs/1.md"]);
        self.keep_index();
        self.git(&["update-index", "--index-version", "4"]);
        self.keep_index();
        // Version 3 has the flag that only these entries need.
        self.git(&["update-index", "--index-version", "3"]);
        self.git(&["add", "-N", "docs/1.md"]);
        self.keep_index();
        self.git(&["write-tree"]);
        self.keep_index();
        self.git(&["update-index", "--split-index"]);
        self.keep_index();
    }

    fn keep_index(&mut self) {
        self.indexes.push(fs::read(self.git_dir.join("index")).expect("git has written it"));
    }

    fn list_files(&mut self) {
        let mut folders = vec![self.git_dir.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("it is there").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.to_string_lossy().contains("/hooks/") {
                    make_writable(&path);
                    self.files.push(path);
                }
            }
        }
        for name in
            [".gitmodules", ".leakgate-ignore", ".leakgate.yaml", ".gitignore", ".gitattributes"]
        {
            let path = self.root.join(name);
            if !path.exists() {
                fs::write(&path, "").expect("the repository can be written");
            }
            self.files.push(path);
        }
        self.files.sort();
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("it stands in a folder")).expect("a folder");
        fs::write(path, content).expect("the repository can be written");
    }

    fn git(&self, args: &[&str]) {
        assert!(self.try_git(args), "git {args:?} failed");
    }

    fn try_git(&self, args: &[&str]) -> bool {
        let mut command = Command::new("git");
        command
            .args(args)
            .current_dir(&self.root)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "A U Thor")
                .env(format!("GIT_{who}_EMAIL"), "author@example.com")
                .env(format!("GIT_{who}_DATE"), "2024-05-06T07:08:09Z");
        }
        command.status().expect("git runs").success()
    }
}

/// Git makes its objects read-only.
fn make_writable(path: &Path) {
    let metadata = fs::metadata(path).expect("it is there");
    let mut permissions = metadata.permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "it is a temporary folder")]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).expect("it is ours");
}
