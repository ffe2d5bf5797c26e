using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Orchestrator.Storage.Sqlite;

/// <summary>The meaning of SQLite's errors to the store.</summary>
internal static class SqliteExceptionExtensions
{
    extension(SqliteException exception)
    {
        /// <summary>Whether a rule of the schema was violated: a defect of ours and no trouble of the disk.</summary>
        public bool IsConstraint => exception.SqliteErrorCode == raw.SQLITE_CONSTRAINT;

        /// <summary>Whether another program holds the file.</summary>
        public bool IsBusy => exception.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;

        /// <summary>Whether the file is damaged.</summary>
        public bool IsDamage => exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
    }
}
