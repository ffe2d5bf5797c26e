namespace Orchestrator.Storage.Sqlite;

/// <summary>More changes wait than are let in.</summary>
internal sealed class SqliteOverloadException(int waiting) : Exception($"{waiting} changes are waiting already.");
