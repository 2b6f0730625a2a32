/** What an HTTP API function returns. */
export const answer = (statusCode, body) => ({
  statusCode,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
});

export const refusal = (statusCode, message) => answer(statusCode, { message });
