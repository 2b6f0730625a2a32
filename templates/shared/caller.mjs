/**
 * The groups of a signed-in user. An HTTP API hands an array claim to a function as text: `[admin other]`.
 * A group's name may hold any mark but a space, so only spaces part the names.
 */
export function groupsOf(claims) {
  const value = claims?.['cognito:groups'];
  if (Array.isArray(value)) return value.map(String);
  const text = String(value ?? '').trim();
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  return inner.split(/\s+/).filter(Boolean);
}

/** Who calls an HTTP API behind its JWT authorizer; undefined when nobody is signed in. */
export function callerOf(event) {
  const claims = event.requestContext?.authorizer?.jwt?.claims;
  if (typeof claims?.sub !== 'string' || claims.sub === '') return undefined;
  return { userId: claims.sub, isAdmin: groupsOf(claims).includes('admin') };
}
