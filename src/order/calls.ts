/** The calls of the workshop's APIs, as API Gateway hands them to a function (HTTP API, payload 2.0). Pure. */

/** Who calls: a customer, or a barista (a member of the group `admin`). */
export interface Caller {
  userId: string;
  admin: boolean;
}

export interface Call {
  /** `PUT /orders/{id}` */
  route: string;
  path: string;
  query?: Record<string, string>;
  parameters?: Record<string, string>;
  body?: unknown;
}

/**
 * The event of a call by a signed-in user. Claims are text, a list among them is `[one two]`
 * (API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs").
 */
export function httpEvent(call: Call, caller: Caller, at: { now: number; requestId: string }): Record<string, unknown> {
  const [method = 'GET'] = call.route.split(' ');
  const claims = {
    sub: caller.userId,
    username: caller.userId,
    token_use: 'id',
    ...(caller.admin ? { 'cognito:groups': '[admin]' } : {}),
  };
  return {
    version: '2.0',
    routeKey: call.route,
    rawPath: call.path,
    rawQueryString: new URLSearchParams(call.query).toString(),
    headers: { 'content-type': 'application/json', 'user-agent': 'presso' },
    ...(call.query ? { queryStringParameters: call.query } : {}),
    ...(call.parameters ? { pathParameters: call.parameters } : {}),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'presso',
      // Where a REST API puts the claims stands beside where an HTTP API does: official set-ups have had either.
      authorizer: { jwt: { claims, scopes: null }, claims },
      domainName: 'presso',
      domainPrefix: 'presso',
      http: { method, path: call.path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'presso' },
      requestId: at.requestId,
      routeKey: call.route,
      stage: '$default',
      time: new Date(at.now).toISOString(),
      timeEpoch: at.now,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    isBase64Encoded: false,
  };
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** What a function answered, as its API would pass it on; undefined when an API could not (API Gateway makes that a 500). */
export function answerOf(payload: unknown): Answer | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  const { statusCode, body } = payload as { statusCode?: unknown; body?: unknown };
  if (typeof statusCode !== 'number') return undefined;
  try {
    const value: unknown = typeof body === 'string' && body !== '' ? JSON.parse(body) : {};
    return {
      status: statusCode,
      body: typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {},
    };
  } catch {
    return { status: statusCode, body: { message: String(body) } };
  }
}

export interface Code {
  bucket: number;
  code: string;
  availableTokens: number;
  /** epoch milliseconds of the target's clock */
  ends: number;
}

/** The code in an answer to `GET /qr-code`: presso's own validator gives its fields, the official one the table's item. */
export function codeOf({ status, body }: Answer): Code | undefined {
  if (status !== 200) return undefined;
  const item = body['bucket'];
  const fields = typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : body;
  const code = fields['code'] ?? fields['last_code'];
  const bucket = fields === body ? item : (fields['PK'] ?? fields['last_id']);
  if (typeof code !== 'string') return undefined;
  return {
    bucket: Number(bucket),
    code,
    availableTokens: Number(fields['availableTokens']),
    ends: Number(fields['end_ts']),
  };
}
