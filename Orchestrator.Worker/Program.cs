using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Worker;

return await OrchestratorProcess.RunAsync(() => WorkerProcess.Create(args));
