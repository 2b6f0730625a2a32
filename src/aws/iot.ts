/** AWS IoT Core's control plane, as plain values. */
import type { Connection } from './connection.ts';
import { errorName } from './failure.ts';

const load = (connection: Connection) =>
  connection.client('iot', async (config) => new (await import('@aws-sdk/client-iot')).IoT(config));

/** Where pages connect to: the account's own host in this Region. */
export async function iotEndpoint(connection: Connection): Promise<string> {
  const iot = await load(connection);
  return (await iot.describeEndpoint({ endpointType: 'iot:Data-ATS' })).endpointAddress ?? '';
}

/** The document of an IoT policy; undefined when there is none of that name. */
export async function iotPolicy(connection: Connection, name: string): Promise<unknown> {
  const iot = await load(connection);
  try {
    return JSON.parse((await iot.getPolicy({ policyName: name })).policyDocument ?? '{}') as unknown;
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
