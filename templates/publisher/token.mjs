/** The ID token of the call; undefined for an access token, which no identity can be derived from. */
export function idTokenOf(event) {
  if (event.requestContext?.authorizer?.jwt?.claims?.token_use !== 'id') return undefined;
  return (event.headers?.authorization ?? '').replace(/^Bearer\s+/i, '').trim() || undefined;
}
