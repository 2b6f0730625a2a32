/** A target as variables of a shell. Pure. */
import type { Target } from '../target/index.ts';

export type Shell = 'sh' | 'powershell' | 'cmd';

export function environment(target: Target): Record<string, string> {
  const region = target.region ?? 'us-east-1';
  if (target.kind === 'sandbox')
    return {
      AWS_ENDPOINT_URL: target.endpoint ?? '',
      AWS_ACCESS_KEY_ID: target.account ?? '000000000000',
      AWS_SECRET_ACCESS_KEY: 'sandbox',
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      // Step Functions' TestState and StartSyncExecution would put a prefix before 127.0.0.1.
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...(target.profile ? { AWS_PROFILE: target.profile } : {}),
    ...(target.endpoint ? { AWS_ENDPOINT_URL: target.endpoint } : {}),
  };
}

/** Lines that the shell can evaluate; what is for a person is a comment in that shell's own form. */
export function shellLines(variables: Record<string, string>, shell: Shell): string[] {
  const endpoint = variables['AWS_ENDPOINT_URL'];
  const note = endpoint ? [`AWS CLI before 2.13: aws --endpoint-url ${endpoint} …`] : [];
  const entries = Object.entries(variables);
  if (shell === 'powershell')
    return [
      ...entries.map(([name, value]) => `$env:${name} = '${value.replaceAll("'", "''")}'`),
      ...note.map((text) => `# ${text}`),
    ];
  if (shell === 'cmd')
    return [...entries.map(([name, value]) => `set "${name}=${value}"`), ...note.map((text) => `rem ${text}`)];
  return [
    ...entries.map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`),
    // A profile of the shell would win over the keys above.
    ...(variables['AWS_PROFILE'] || !endpoint ? [] : ['unset AWS_PROFILE AWS_SESSION_TOKEN']),
    ...note.map((text) => `# ${text}`),
  ];
}
