"""Back up a site into a folder, check such a folder, and restore it into an empty database."""


class BackupError(Exception):
    """A backup cannot be made, checked or restored. The message is for the person who runs the command."""
