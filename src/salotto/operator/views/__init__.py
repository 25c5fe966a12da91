"""The pages, one module a page: parse, authorise, call, render."""
