/**
 * Amazon SQS: standard queues. Promise: a message that was accepted is there until it is deleted, expires or goes to the
 * dead-letter queue, whatever happens to the process; it can be received more than once, as on AWS. Speaks the JSON
 * protocol of today and the query protocol of older clients. Nothing here touches the world but by the journal and clock.
 */
import type { Service } from '../../service.ts';
import { endWaits, messageActions, OLDER_CODES } from './actions/messages.ts';
import { queueActions } from './actions/queues.ts';
import { readForm, writeForm } from './query-form.ts';
import { queuesOf, watchNext } from './records.ts';

export const sqs: Service = {
  name: 'sqs',
  protocol: 'json-1.0',
  targetPrefix: 'AmazonSQS',
  query: {
    xmlNamespace: 'http://queue.amazonaws.com/doc/2012-11-05/',
    codes: OLDER_CODES,
    read: readForm,
    write: writeForm,
  },
  actions: { ...queueActions, ...messageActions },
  wakeOn: ['queues'],
  wake(context) {
    for (const queue of queuesOf(context).values()) watchNext(queue, context);
  },
  close: endWaits,
};
