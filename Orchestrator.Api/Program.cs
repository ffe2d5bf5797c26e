using Orchestrator.Api;
using Orchestrator.Core.Storage.Sqlite;
using Orchestrator.ServiceDefaults.Hosting;

return await OrchestratorProcess.RunAsync(() => ApiProcess.Create(args, EngineAndStore.Add), failure => failure is StorageException);
