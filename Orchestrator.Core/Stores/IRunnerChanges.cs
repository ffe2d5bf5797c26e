namespace Orchestrator.Core.Stores;

/// <summary>Reports changes made by other instances. Best effort: callers that must not miss one also poll.</summary>
public interface IRunnerChanges
{
    /// <summary>Calls back when a template's counts have changed, by any instance; dispose the result to unsubscribe.</summary>
    IDisposable Subscribe(string template, Action changed);
}
