// oidc-provider, which is certified by the OpenID Foundation, as the provider of one client. `make try-identity` runs it.
//   node provider.mjs PORT {"client": …, "secret": …, "redirect": …, "after": …, "algorithm": "RS256" or "ES256"}
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, given] = [Number(process.argv[2]), JSON.parse(process.argv[3])];

function key(kind, more) {
  const made = generateKeyPairSync(kind, more).privateKey.export({ format: 'jwk' });
  return { ...made, use: 'sig', kid: randomUUID() };
}

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: given.client,
    client_secret: given.secret,
    redirect_uris: [given.redirect],
    post_logout_redirect_uris: [given.after],
    id_token_signed_response_alg: given.algorithm,
  }],
  jwks: { keys: [key('rsa', { modulusLength: 2048 }), key('ec', { namedCurve: 'P-256' })] },
  pkce: { required: () => true },
  cookies: { keys: [randomUUID()] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
});
provider.listen(port, '127.0.0.1', () => console.log('it listens'));
