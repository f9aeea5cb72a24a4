"""The networks: typed specs, encoders, the decoder, and the ArSSR model made of them."""
