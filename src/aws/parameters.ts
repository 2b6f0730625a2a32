/** Systems Manager's Parameter Store, as plain values. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client('ssm', async (config) => new (await import('@aws-sdk/client-ssm')).SSM(config));

/** At most ten parameters by name, in one call; those that are not there are not in the answer. */
export async function parametersNamed(connection: Connection, names: string[]): Promise<Record<string, string>> {
  const ssm = await load(connection);
  const { Parameters } = await ssm.getParameters({ Names: names });
  return Object.fromEntries((Parameters ?? []).map(({ Name = '', Value = '' }) => [Name, Value]));
}

/** The text of one parameter; undefined when there is none. */
export async function readParameter(connection: Connection, name: string): Promise<string | undefined> {
  const ssm = await load(connection);
  try {
    return (await ssm.getParameter({ Name: name })).Parameter?.Value;
  } catch (error) {
    if (errorName(error) === 'ParameterNotFound') return undefined;
    throw error;
  }
}

/** Another value for a parameter that is there. */
export async function changeParameter(connection: Connection, name: string, value: string): Promise<void> {
  const ssm = await load(connection);
  await ssm.putParameter({ Name: name, Value: value, Overwrite: true });
}
