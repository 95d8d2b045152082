"""How the embedded model was made: data, tokenizer, autoencoder, text encoder, denoiser, tests.

Run it as ``python -m bot.models.training``. The bot never imports this package.
"""
