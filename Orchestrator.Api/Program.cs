using Orchestrator.Api;
using Orchestrator.ServiceDefaults.Hosting;
using Orchestrator.Storage.Sqlite;

return await OrchestratorProcess.RunAsync(() => ApiProcess.Create(args, EngineAndStore.Add), failure => failure is StorageException);
