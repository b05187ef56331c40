"""From a project to firmware: tools, PlatformIO, folders, what a failed build says."""
