import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';

const events = new EventBridgeClient({ cacheMiddleware: true });

/**
 * Puts events on the workshop's bus, ten at a time as PutEvents takes them.
 * PutEvents answers 200 even when it kept nothing, so its own count of failures is what decides.
 */
export async function putEvents(details) {
  for (let at = 0; at < details.length; at += 10) {
    const { FailedEntryCount, Entries } = await events.send(
      new PutEventsCommand({
        Entries: details.slice(at, at + 10).map(({ type, detail }) => ({
          EventBusName: process.env.EVENT_BUS,
          Source: 'awsserverlessda.serverlesspresso',
          DetailType: type,
          Detail: JSON.stringify(detail),
        })),
      }),
    );
    if (FailedEntryCount) {
      const failed = Entries?.find((entry) => entry.ErrorCode);
      throw new Error(`The bus kept ${FailedEntryCount} event(s) out: ${failed?.ErrorCode} ${failed?.ErrorMessage}`);
    }
  }
}
