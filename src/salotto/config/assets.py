"""Static files: hashed, minified, compressed; collected when something changed."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names, and imports between our ES modules rewritten to them."""

    support_js_module_import_aggregation = True
