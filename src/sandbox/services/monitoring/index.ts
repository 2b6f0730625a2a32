/**
 * Amazon CloudWatch: custom metrics and dashboards. Promise: what was put is added up exactly, by minute (or second), unit
 * and dimensions, and survives the process. Logs are the service `logs`. Nothing here touches the world but the journal.
 */
import type { Service } from '../../service.ts';
import { dashboardActions } from './actions/dashboards.ts';
import { metricActions } from './actions/metrics.ts';

export const monitoring: Service = {
  name: 'monitoring',
  protocol: 'json-1.0',
  targetPrefix: 'GraniteServiceVersion20100801',
  query: {
    xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    codes: {
      AccessDeniedException: 'AccessDenied',
      DashboardInvalidInputError: 'InvalidParameterInput',
      DashboardNotFoundError: 'ResourceNotFound',
      InvalidParameterCombinationException: 'InvalidParameterCombination',
      InvalidParameterValueException: 'InvalidParameterValue',
      UnknownOperationException: 'InvalidAction',
      ValidationException: 'ValidationError',
    },
  },
  actions: { ...metricActions, ...dashboardActions },
};
