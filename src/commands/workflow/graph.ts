import { Args, Flags } from '@oclif/core';
import { PressoCommand } from '../../command.ts';
import { graph, type GraphFormat } from '../../flows/workflow.ts';
import { readDefinitionFile, theWorkflow } from '../../workflow/index.ts';

export default class WorkflowGraph extends PressoCommand {
  static override summary = 'Draw the states of the workflow, or of a definition in a file.';
  static override examples = [
    'presso workflow graph',
    'presso workflow graph order.asl.json',
    'presso workflow graph --format mermaid > workflow.mmd',
  ];
  static override args = { file: Args.string({ description: 'a definition; without it the workflow at the target' }) };
  static override flags = {
    name: Flags.string({
      description: 'name or ARN, where it is called otherwise than in the lesson',
      helpValue: 'NAME',
    }),
    format: Flags.option({
      options: ['text', 'mermaid', 'dot'] as const,
      description: 'how it is drawn',
      default: 'text' as GraphFormat,
    })(),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(WorkflowGraph);
    const [source, definition] =
      args.file === undefined
        ? await theWorkflow(await this.connection(), flags.name).then(
            ({ name, definition: text }) => [name, text] as const,
          )
        : ([args.file, readDefinitionFile(args.file)] as const);
    graph(definition, source, flags.format, flags.json);
  }
}
