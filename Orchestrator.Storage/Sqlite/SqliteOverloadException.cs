namespace Orchestrator.Storage.Sqlite;

/// <summary>More changes wait than are allowed.</summary>
internal sealed class SqliteOverloadException(int waiting) : Exception($"{waiting} changes are waiting already.");
