// Finishes templates/: what CloudFormation gets has its handlers and definitions inside, so that nothing needs a bucket.
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { parse, parseDocument, Scalar, visit } from 'yaml';

/** CloudFormation refuses a template body that is longer, in bytes (AWS page "CloudFormation quotas"). */
export const BODY_LIMIT = 51_200;

/** One handler as Lambda runs inline code: CommonJS, one file, with the SDK left to the runtime that carries it. */
async function inlineHandler(file) {
  const { outputFiles } = await build({
    // Only the handler: what else a file exports is for its tests.
    stdin: { contents: `export { handler } from './${path.basename(file)}';`, resolveDir: path.dirname(file) },
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['@aws-sdk/*'],
    charset: 'utf8',
    logLevel: 'warning',
  });
  // The notes about origins would carry this machine's paths, or at least its folders, into the account.
  return outputFiles[0].text.replace(/^\/\/ .*\.mjs\n/gm, '');
}

/** A state machine's definition without its blanks: the console lays it out again. */
const compactJson = (file) => JSON.stringify(JSON.parse(readFileSync(file, 'utf8')));

/**
 * The finished body of one stack's template.
 * @param {string} root the project's folder
 * @param {string} name the stack's folder under templates/
 * @param {string} runtime the Lambda runtime, from stacks.yaml
 */
export async function finishTemplate(root, name, runtime) {
  const folder = path.join(root, 'templates', name);
  const document = parseDocument(readFileSync(path.join(folder, 'template.yaml'), 'utf8'), { logLevel: 'silent' });
  if (document.errors.length > 0) throw new Error(`templates/${name}/template.yaml: ${document.errors[0].message}`);

  const inlined = [];
  visit(document, {
    Scalar(_, node) {
      if (node.tag === '!Handler' || node.tag === '!Definition') inlined.push(node);
    },
  });
  await Promise.all(
    inlined.map(async (node) => {
      const file = path.join(folder, String(node.value));
      node.value = node.tag === '!Handler' ? await inlineHandler(file) : compactJson(file);
      node.tag = undefined;
      node.type = Scalar.BLOCK_LITERAL;
    }),
  );
  if (document.hasIn(['Parameters', 'LambdaRuntime']))
    document.setIn(['Parameters', 'LambdaRuntime', 'Default'], runtime);

  const body = document.toString({ lineWidth: 0 });
  const size = Buffer.byteLength(body);
  if (size >= BODY_LIMIT)
    throw new Error(`templates/${name}: ${size} bytes finished, CloudFormation takes ${BODY_LIMIT}.`);
  return body;
}

/**
 * Writes `<name>.yaml` for every stack into `outDir`, with stacks.yaml and seed/ beside them.
 * @param {string} root the project's folder
 * @param {string} outDir a folder, made when it is not there
 */
export async function finishTemplates(root, outDir) {
  const source = path.join(root, 'templates');
  const { runtime, stacks } = parse(readFileSync(path.join(source, 'stacks.yaml'), 'utf8'));
  mkdirSync(outDir, { recursive: true });
  await Promise.all(
    stacks.map(async ({ name }) => {
      writeFileSync(path.join(outDir, `${name}.yaml`), await finishTemplate(root, name, runtime));
    }),
  );
  copyFileSync(path.join(source, 'stacks.yaml'), path.join(outDir, 'stacks.yaml'));
  cpSync(path.join(source, 'seed'), path.join(outDir, 'seed'), { recursive: true });
}
