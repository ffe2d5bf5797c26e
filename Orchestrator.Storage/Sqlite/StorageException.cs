namespace Orchestrator.Storage.Sqlite;

/// <summary>
/// The data folder can't be used: it is taken by another process or not writable, or its file is damaged, foreign or of a
/// newer version. The message is one line for the operator and names file and cause. Nothing in the folder was changed.
/// </summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
