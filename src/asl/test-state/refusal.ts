/** How the API refuses a request (API reference, "TestState", errors). */
export class TestStateError extends Error {
  readonly code: 'ValidationException' | 'InvalidDefinition' | 'InvalidExecutionInput' | 'InvalidArn';

  constructor(code: TestStateError['code'], message: string) {
    super(message);
    this.name = 'TestStateError';
    this.code = code;
  }
}

export function refuse(message: string): never {
  throw new TestStateError('ValidationException', message);
}
