import { busIsMarked } from '../../aws/events.ts';
import { logGroupExists, logPolicies } from '../../aws/logs.ts';
import { BUS_NAME, LOG_GROUP } from '../../workshop.ts';
import { serviceMay } from '../permissions/judge.ts';
import { actionsOn, EVENTBRIDGE, statementsOf } from '../routing/reach.ts';
import { probe } from './probe.ts';

/** The log group for all events is there. */
export const eventLog = probe<boolean>({
  observe: (_check, facts) => facts.once('log group', (connection) => logGroupExists(connection, LOG_GROUP)),
  judge: (_check, there) => ({
    status: there ? 'pass' : 'fail',
    expected: `the log group ${LOG_GROUP}`,
    found: there ? LOG_GROUP : `there is no log group ${LOG_GROUP}`,
  }),
});

/** EventBridge may write there: without a log resource policy a rule that was not made in the console fails silently. */
export const eventLogPolicy = probe<{ account: string; region: string; documents: string[]; own: boolean }>({
  async observe(_check, facts) {
    const [account, policies, own] = await Promise.all([
      facts.account(),
      facts.once('log policies', logPolicies),
      facts.once('bus is ours', (connection) => busIsMarked(connection, BUS_NAME)),
    ]);
    return { account, region: facts.region, documents: policies.map(({ document }) => document), own };
  },
  judge(_check, { account, region, documents, own }) {
    const statements = documents.flatMap(statementsOf);
    const source = { arn: `arn:aws:events:${region}:${account}:rule/Serverlesspresso/logAll`, account };
    const refused = actionsOn(`arn:aws:logs:${region}:${account}:log-group:${LOG_GROUP}`).find(
      (ask) => !serviceMay(statements, EVENTBRIDGE, ask, source),
    );
    // An event's account comes without one, which is no fault: the console brings it along with the rule of module 2.
    if (refused && !own)
      return {
        status: 'pass',
        expected: 'nothing yet',
        found: 'the console brings the right along with the rule logAll',
      };
    return {
      status: refused ? 'fail' : 'pass',
      expected: `a log resource policy that lets ${EVENTBRIDGE} write to ${LOG_GROUP}`,
      found: refused
        ? `${documents.length === 0 ? 'there is no log resource policy' : `none of the ${documents.length} log resource policies allows it`} (${refused.action})`
        : 'it may',
    };
  },
});
