import type { Invocation } from './command.ts';

export async function viewCamera(_name: string, _invocation: Invocation): Promise<void> {}
