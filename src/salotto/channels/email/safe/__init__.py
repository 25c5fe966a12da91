"""Mail's HTML, made safe to look at: no script, no request before a click, no way out of its frame."""
