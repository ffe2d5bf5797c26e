namespace Orchestrator.Core.Stores;

/// <summary>Tells of changes that other instances made. Best effort: whoever must not miss one also looks by itself.</summary>
public interface IRunnerChanges
{
    /// <summary>Calls back when a template's counts have changed, whoever changed them; dispose what it gives to end that.</summary>
    IDisposable Subscribe(string template, Action changed);
}
