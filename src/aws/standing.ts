/** An account looked at for a plan: whoever asks the same again is given the answer that is known. */
import type { Connection } from './connection.ts';

interface Command {
  constructor: { name: string };
  input: unknown;
}
interface Client {
  send(command: Command, ...more: unknown[]): Promise<unknown>;
  destroy(): void;
}

/** Reads that always answer the same while nothing is changed; how far a detection is, is not among them. */
const READS = /^(List|Describe|Get|Scan)(?!.*DetectionStatus)/;

/**
 * The same connection, on which a question that only reads is asked once. For as long as a plan is made, and no longer:
 * what is changed afterwards it would not see.
 */
export function standing(connection: Connection): Connection {
  const clients = new Map<string, Promise<{ destroy(): void }>>();
  return {
    ...connection,
    inRegion: (region) => standing(connection.inRegion(region)),
    client<T extends { destroy(): void }>(name: string, make: Parameters<Connection['client']>[1]): Promise<T> {
      let made = clients.get(name);
      if (!made) {
        made = connection.client(name, make).then((client) => remembering(client as unknown as Client));
        clients.set(name, made);
      }
      return made as Promise<T>;
    },
  };
}

function remembering(client: Client): Client {
  const answers = new Map<string, Promise<unknown>>();
  const own = Object.create(client) as Client;
  own.send = (command, ...more) => {
    const { name } = command.constructor;
    if (!READS.test(name) || more.some((one) => one !== undefined)) return client.send(command, ...more);
    const key = `${name} ${JSON.stringify(command.input)}`;
    let answer = answers.get(key);
    if (!answer) {
      answer = client.send(command);
      answers.set(key, answer);
      // A failure is not remembered: asked again, AWS may answer.
      answer.catch(() => answers.delete(key));
    }
    return answer;
  };
  return own;
}
