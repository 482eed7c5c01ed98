//! The table of rules. `docs/permissions.md` says why for each; a test keeps the two in step.

leakgate_model::rule_table! {
    Permission:
    ATTRIBUTES_NOT_ENCRYPTED "attributes-not-encrypted" High
        "File that should be encrypted and is not"
        "Take it out of the index, unlock or set up the encryption, and add it again."
        "Renew what it holds if it was pushed.";
    ATTRIBUTES_UNKNOWN_FILTER "attributes-unknown-filter" Low
        "Filter of no known tool"
        "Git runs the program that a machine's configuration gives this name: say which it is.";
    AUDIT_CONFIG_CREDENTIALS "audit-config-credentials" High
        "Credential in git's configuration"
        "Programs that read the folder read it too: use a credential helper that encrypts, or ssh."
        "Renew it if others could read it.";
    AUDIT_CONFIG_UNSAFE "audit-config-unsafe" Medium
        "Setting of git that gives protection away"
        "Take the setting out, or narrow it to the one place that needs it.";
    AUDIT_GIT_WRITABLE "audit-git-writable" High
        "Git's own files that other users can write"
        "Whoever writes there has git run programs as you: take the permission away.";
    AUDIT_HOOK_MISSING "audit-hook-missing" Low
        "Commits that nothing checks"
        "No hook of this repository runs leakgate: install it.";
    AUDIT_IGNORE_MISSING "audit-ignore-missing" Low
        "Names of secrets that git does not ignore"
        "A file of such a name would be committed by `git add .`: list the names in .gitignore.";
    AUDIT_IGNORED_HERE_ONLY "audit-ignored-here-only" Low
        "Secret that only this machine ignores"
        "Your own exclude file keeps it out; that of others does not: list it in .gitignore.";
    AUDIT_IGNORED_YET_TRACKED "audit-ignored-yet-tracked" Medium
        "Secret that is ignored and yet tracked"
        "What is tracked is committed whatever .gitignore says: take it out of the index."
        "Renew what it holds if it was pushed.";
    AUDIT_PACKAGE_SHIPS "audit-package-ships" Low
        "Package or image that would take secrets along"
        "Name what is to be published, or add the names to the ignore file of the tool.";
    AUDIT_UNTRACKED_SECRET "audit-untracked-secret" Medium
        "Secret that the next `git add` takes"
        "List it in .gitignore.";
    CONFIG_FILE_URL "config-file-url" Medium
        "Unsafe address in a tracked git configuration"
        "Use https or ssh, and leave the credential to a credential helper.";
    GITLINK_UNLISTED "gitlink-unlisted" Medium
        "Embedded repository without an entry in .gitmodules"
        "Nobody who clones gets its files, because git records only a commit id."
        "Take it out of the index, or add it as a submodule (both commands, in this order).";
    IGNORE_COPIES_SECRET "ignore-copies-secret" Low
        "Secret that is copied into each work tree"
        "Take the line out, and let each work tree have a credential of its own.";
    IGNORE_TAKES_BACK_SECRET "ignore-takes-back-secret" Medium
        "Secret taken out of what git ignores"
        "The next `git add` takes the file: ignore it again.";
    LINK_ABSOLUTE "link-absolute" Medium
        "Symbolic link to an absolute path"
        "Link to a relative path inside the repository, or leave the link out of the commit.";
    LINK_DANGLING "link-dangling" Low
        "Symbolic link to nothing"
        "The target is not in the repository: correct the link or leave it out.";
    LINK_ESCAPES "link-escapes" Medium
        "Symbolic link that leaves the repository"
        "Copy the file into the repository, use a submodule, or leave the link out of the commit.";
    LINK_GIT_CONFIG "link-git-config" Medium
        "Symbolic link in place of a file that git reads"
        "Git does not follow the link, so its rules do not apply: commit a regular file.";
    LINK_INTO_AUTOMATION "link-into-automation" Medium
        "Symbolic link to a file that says what runs"
        "Writing through the link changes hooks, workflows or permissions: name the file itself.";
    LINK_INTO_GIT "link-into-git" High
        "Symbolic link into a .git folder"
        "Whoever writes through the link changes hooks or configuration that git runs: remove it.";
    LINK_LOOP "link-loop" Low
        "Symbolic link that leads back to itself"
        "A program that follows it never ends: correct the link or leave it out.";
    LINK_REPLACES_FILE "link-replaces-file" Low
        "Symbolic link in place of a file"
        "Check that the file was meant to become a link, and what the link points at.";
    LINK_REPLACES_FOLDER "link-replaces-folder" Medium
        "Symbolic link in place of a folder"
        "Whatever wrote into the folder now writes where the link points: check that it was meant.";
    LINK_TO_DEVICE "link-to-device" Medium
        "Symbolic link to a device"
        "Reading it may never end and writing may destroy data: leave the link out of the commit.";
    LINK_TO_SECRET "link-to-secret" High
        "Symbolic link to a secret"
        "Tools that read the repository would read the secret: leave the link out of the commit.";
    MODE_EXECUTABLE_DATA "mode-executable-data" Low
        "Executable bit on data"
        "Data does not run: clear the bit.";
    MODE_HOOK_NOT_EXECUTABLE "mode-hook-not-executable" Medium
        "Git hook without the executable bit"
        "Git passes over a hook that is not executable, and so nobody is protected: set the bit.";
    MODE_MADE_EXECUTABLE "mode-made-executable" Medium
        "Data file made executable"
        "Data does not run: clear the bit, which a recursive chmod or a copy may have set.";
    MODE_SCRIPT_MADE_PLAIN "mode-script-made-plain" Low
        "Script that loses its executable bit"
        "Whoever calls it by name is refused: set the bit again unless that was meant.";
    MODE_SCRIPT_NOT_EXECUTABLE "mode-script-not-executable" Low
        "Script without the executable bit"
        "It cannot be called by name: set the bit.";
    MODE_UNKNOWN "mode-unknown" Medium
        "File mode that git does not write"
        "Add the file again so that git gives it a mode of its own.";
    NAME_AGENT_SESSION "name-agent-session" Medium
        "Transcript of a coding agent"
        "Take it out of the index and list it in .gitignore.";
    NAME_CASE_COLLISION "name-case-collision" Medium
        "Names that differ only in case or in how accents are written"
        "On macOS and Windows one file overwrites the other: rename one of them.";
    NAME_CONTROL_CHARACTERS "name-control-characters" Medium
        "Control character in a file name"
        "Such a name can rewrite a terminal and split a command: rename the file.";
    NAME_CREDENTIALS "name-credentials" High
        "File of stored credentials"
        "Leave it out of the commit, list it in .gitignore, and renew what it holds if it was pushed.";
    NAME_DATABASE_DUMP "name-database-dump" Low
        "Database with rows"
        "Commit the form of the database and made-up rows instead.";
    NAME_ENV_FILE "name-env-file" Medium
        "Environment file with values"
        "Leave it out of the commit and list it in .gitignore; commit a .env.example without values.";
    NAME_GIT_LOOKALIKE "name-git-lookalike" High
        "Name that some systems take for .git"
        "A checkout on Windows or macOS could write into the real .git folder: remove it.";
    NAME_INVISIBLE_CHARACTERS "name-invisible-characters" Medium
        "Invisible character in a file name"
        "The name reads as another than it is: rename the file.";
    NAME_KEY_STORE "name-key-store" Medium
        "Key store"
        "Leave it out of the commit and list it in .gitignore: its password can be guessed offline.";
    NAME_LEADING_DASH "name-leading-dash" Low
        "Name that begins with a dash"
        "A command given the name by a pattern takes it for an option: rename the file.";
    NAME_MEMORY_DUMP "name-memory-dump" Medium
        "Memory dump"
        "A dump holds every secret its program held: leave it out of the commit.";
    NAME_NOT_PORTABLE "name-not-portable" Low
        "Name that some systems cannot write"
        "Nobody on Windows can check it out: rename the file.";
    NAME_PATH_TRAVERSAL "name-path-traversal" High
        "Path that climbs out of its folder"
        "A checkout could write outside of the repository: remove it.";
    NAME_PRIVATE_KEY "name-private-key" High
        "Private key file"
        "Leave it out of the commit and list it in .gitignore; replace the key if it was pushed.";
    NAME_SHELL_HISTORY "name-shell-history" Medium
        "History of a shell or a database client"
        "Leave it out of the commit and list it in .gitignore: typed passwords end up in it.";
    NAME_TERRAFORM_STATE "name-terraform-state" Medium
        "Terraform state"
        "State holds secrets in plain text: leave it out and keep it in an encrypted remote backend.";
    NESTED_BARE_REPOSITORY "nested-bare-repository" High
        "Repository hidden in a folder"
        "Git and editors that enter the folder obey its configuration, which may run programs."
        "Take the folder out of the index; use a submodule if the repository is meant.";
    SUBMODULE_COMMAND "submodule-command" Critical
        "Submodule that runs a command"
        "Updating the submodule would run it: remove the setting.";
    SUBMODULE_INSECURE_URL "submodule-insecure-url" Medium
        "Submodule address that is not protected or not public"
        "Use https or ssh, so that nobody on the way can change what is fetched.";
    SUBMODULE_PATH "submodule-path" High
        "Submodule path that leaves its place"
        "A clone could write into .git or outside of the repository: remove the submodule.";
    SUBMODULE_UNSAFE_URL "submodule-unsafe-url" Critical
        "Submodule address that runs a program or deceives"
        "Cloning could run a command or ask another host: remove the submodule.";
    SUBMODULE_URL_CREDENTIALS "submodule-url-credentials" High
        "Credential in a submodule's address"
        "Take it out, use a credential helper or ssh, and renew it if it was pushed.";
    WORK_TREE_FOLDER_WRITABLE "work-tree-folder-writable" Low
        "Folder that every user can write"
        "Any user of this machine can put files into it and take yours away.";
    WORK_TREE_SECRET_READABLE "work-tree-secret-readable" Low
        "Secret file that other users can read"
        "Let only the owner read it; git does not keep this, so set umask 077 or repeat it on checkout.";
    WORK_TREE_SECRET_WRITABLE "work-tree-secret-writable" Medium
        "Secret file that every user can write"
        "Let only the owner read and write it.";
    WORK_TREE_SETUID "work-tree-setuid" Low
        "Set-user-ID or set-group-ID file"
        "It runs with its owner's rights for anybody: clear the bits.";
    WORK_TREE_WORLD_WRITABLE "work-tree-world-writable" Low
        "File that every user can write"
        "Any user of this machine can change what you commit: take the permission from others.";
}
