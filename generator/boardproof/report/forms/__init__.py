"""The forms a page has: on the console, in Markdown, in HTML. Each knows the blocks of `page`, and no fact."""
