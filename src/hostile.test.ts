/** With the sandbox as target nothing leaves this machine, whatever the shell's AWS settings say. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { stopSandbox } from './sandbox/index.ts';
import { runPresso } from './testing/presso.ts';

const home = mkdtempSync(path.join(tmpdir(), 'presso-hostile-'));
const log = path.join(home, 'guard.log');
const config = path.join(home, 'aws-config');
writeFileSync(
  config,
  `[profile work]
sso_session = work
sso_account_id = 111111111111
sso_role_name = Admin
region = eu-central-1
endpoint_url = https://evil.example.com
services = evil
use_fips_endpoint = true
[sso-session work]
sso_start_url = https://work.awsapps.com/start
sso_region = eu-central-1
[services evil]
cloudformation =
  endpoint_url = https://cfn.example.com
[default]
region = eu-central-1
credential_process = /bin/false
`,
);
const guard = fileURLToPath(new URL('./testing/loopback-guard.cjs', import.meta.url));
const hostile = {
  AWS_PROFILE: 'work',
  AWS_CONFIG_FILE: config,
  AWS_SHARED_CREDENTIALS_FILE: config,
  AWS_SDK_LOAD_CONFIG: '1',
  AWS_ENDPOINT_URL: 'https://aws.example.com',
  AWS_ENDPOINT_URL_STATES: 'https://states.example.com',
  AWS_ENDPOINT_URL_CLOUDFORMATION: 'https://cloudformation.example.com',
  AWS_REGION: 'eu-central-1',
  AWS_SESSION_TOKEN: 'left over',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere',
  AWS_ROLE_ARN: 'arn:aws:iam::111111111111:role/Admin',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.2/credentials',
  AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://169.254.169.254',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  HTTP_PROXY: 'http://proxy.example.com:3128',
  HTTPS_PROXY: 'http://proxy.example.com:3128',
  http_proxy: 'http://proxy.example.com:3128',
  NODE_OPTIONS: `--require ${guard}`,
  LOOPBACK_GUARD_LOG: log,
};

afterAll(async () => {
  await stopSandbox(path.join(home, 'sandbox'));
  rmSync(home, { recursive: true, force: true });
});

const reached = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');

test('the guard itself notices who reaches beyond this machine', async () => {
  const code =
    "require('node:http').get('http://192.0.2.1:9').on('error', () => {}); fetch('http://localhost.example').catch(() => {})";
  await promisify(execFile)(process.execPath, ['-e', code], { env: hostile }).catch(() => {});
  expect(reached()).toContain('192.0.2.1');
  expect(reached()).toContain('localhost.example');
  rmSync(log, { force: true });
});

test('set-up, solve and an order under hostile settings stay on this machine', async () => {
  for (const args of [
    ['setup', '--sandbox'],
    ['solve', 'module-2'],
    ['order', 'place'],
    ['status'],
    ['verify', 'module-1'],
  ]) {
    const ran = await runPresso(args, { home, env: hostile });
    expect(ran, `presso ${args.join(' ')}`).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain('account 000000000000');
  }
  expect(reached()).toBe('');
});
