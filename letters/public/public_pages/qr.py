"""The QR code of a letter's address."""

from io import BytesIO

import qrcode
from qrcode.image.svg import SvgPathFillImage


def qr_svg(address: str) -> bytes:
    """Return the code as SVG, black on white, because cameras need the contrast in dark rooms too."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(address)
    svg = BytesIO()
    code.make_image(image_factory=SvgPathFillImage).save(svg)
    return svg.getvalue()
