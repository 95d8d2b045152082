"""What was done to get a picture, in a few words, as it stands before the name of who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain import framing, upscaling
from bot.domain.language import _
from bot.domain.upscaling import Detail

if TYPE_CHECKING:
    from bot.domain.request import GenerationRequest


def made_by(request: GenerationRequest) -> str:
    """Of what is drawn; empty where the prompt says it all."""
    if larger := upscaling.of(request):
        return _upscaled(larger.detail)
    if request.frame is not None:
        return framing.name(request.size, request.frame)
    if request.partly:
        return _("Edit") if request.source is None else _("Variations (Region)")
    return "" if request.source is None else _("Variations")


def taken_out(request: GenerationRequest) -> str:
    """Of a picture that was taken out of a grid."""
    return _("Image #{number}", number=request.source.index) if request.source else ""


def _upscaled(detail: Detail) -> str:
    return _("Upscaled (Subtle)") if detail is Detail.SUBTLE else _("Upscaled (Creative)")
