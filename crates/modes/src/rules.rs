//! The table of rules. `docs/permissions.md` says why for each; a test keeps the two in step.

leakgate_model::rule_table! {
    Permission:
    GITLINK_UNLISTED "gitlink-unlisted" Medium
        "Embedded repository without an entry in .gitmodules"
        "Nobody who clones gets its files, because git records only a commit id."
        "Take it out of the index, or add it as a submodule (both commands, in this order).";
    LINK_ABSOLUTE "link-absolute" Medium
        "Symbolic link to an absolute path"
        "Link to a relative path inside the repository, or leave the link out of the commit.";
    LINK_ESCAPES "link-escapes" Medium
        "Symbolic link that leaves the repository"
        "Copy the file into the repository, use a submodule, or leave the link out of the commit.";
    LINK_GIT_CONFIG "link-git-config" Medium
        "Symbolic link in place of a file that git reads"
        "Git does not follow the link, so its rules do not apply: commit a regular file.";
    LINK_INTO_GIT "link-into-git" High
        "Symbolic link into a .git folder"
        "Whoever writes through the link changes hooks or configuration that git runs: remove it.";
    LINK_REPLACES_FILE "link-replaces-file" Low
        "Symbolic link in place of a file"
        "Check that the file was meant to become a link, and what the link points at.";
    LINK_TO_SECRET "link-to-secret" High
        "Symbolic link to a secret"
        "Tools that read the repository would read the secret: leave the link out of the commit.";
    MODE_EXECUTABLE_DATA "mode-executable-data" Low
        "Executable bit on data"
        "Data does not run: clear the bit.";
    MODE_MADE_EXECUTABLE "mode-made-executable" Medium
        "Data file made executable"
        "Data does not run: clear the bit, which a recursive chmod or a copy may have set.";
    MODE_UNKNOWN "mode-unknown" Medium
        "File mode that git does not write"
        "Add the file again so that git gives it a mode of its own.";
    NAME_CONTROL_CHARACTERS "name-control-characters" Medium
        "Control character in a file name"
        "Such a name can rewrite a terminal and split a command: rename the file.";
    NAME_CREDENTIALS "name-credentials" High
        "File of stored credentials"
        "Leave it out of the commit, list it in .gitignore, and renew what it holds if it was pushed.";
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
    NAME_MEMORY_DUMP "name-memory-dump" Medium
        "Memory dump"
        "A dump holds every secret its program held: leave it out of the commit.";
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
