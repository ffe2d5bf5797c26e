using Orchestrator.Client;

using var orchestrator = new OrchestratorClient();
var session = await orchestrator.Sessions.ProvisionAsync();
var command = new ExecBody(["python3", "-c", "print(6*7)"]);
await foreach (var said in orchestrator.Sessions.StreamAsync(session.SessionId, command))
{
    Console.Write((said as StdoutEvent)?.Text);
}

await orchestrator.Sessions.ReleaseAsync(session.SessionId);
