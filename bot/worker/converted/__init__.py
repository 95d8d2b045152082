"""Networks converted for OpenVINO, which draws faster than torch on a processor without a card."""
