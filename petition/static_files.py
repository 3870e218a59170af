"""Store static files under names that contain a hash of their content, and compress them."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Use gzip only. brotli is installed for web fonts; with it every start of the site takes seconds longer."""
        return Compressor(use_brotli=False, **kwargs)
