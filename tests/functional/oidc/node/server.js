// A provider of npm's oidc-provider for the tests: any name logs in, and everybody is an editor.
// Usage: node server.js PORT CALLBACK
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, callback] = process.argv.slice(2);
const audience = 'https://api.example';
const jwk = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'benben',
    client_secret: 'a secret & a half',
    redirect_uris: [callback],
    id_token_signed_response_alg: 'ES256',
    grant_types: ['authorization_code', 'client_credentials'],
  }],
  jwks: { keys: [jwk] },
  cookies: { keys: ['for tests alone'] },
  conformIdTokenClaims: false,
  extraTokenClaims: () => ({ groups: ['editors'] }),
  claims: { openid: ['sub', 'groups'] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, groups: ['editors'] }) }),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'openid', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
    },
  },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
