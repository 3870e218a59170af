"""The QR code of a letter's address."""

from io import BytesIO


def qr_svg(address: str) -> bytes:
    """Return the code as SVG, black on white, because cameras need the contrast in dark rooms too."""
    # Memory: most processes never draw a code.
    import qrcode  # noqa: PLC0415
    from qrcode.image.svg import SvgPathFillImage  # noqa: PLC0415

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4)
    code.add_data(address)
    svg = BytesIO()
    code.make_image(image_factory=SvgPathFillImage).save(svg)
    return svg.getvalue()
