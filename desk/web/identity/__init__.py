"""The office's identity provider (OpenID Connect): who somebody is, on its word. What they may is
never asked there.

The code flow with PKCE, state and nonce, as RFC 9700 and OpenID Connect Core say, for one issuer.
Authlib speaks to the provider, joserfc knows keys and signatures; what is believed of an answer is
judged here.
"""
