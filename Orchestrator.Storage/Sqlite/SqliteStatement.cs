using System.Text;
using SQLitePCL;

namespace Orchestrator.Storage.Sqlite;

/// <summary>A prepared statement. Parameters are numbered from 1, columns from 0. Not safe for concurrent use.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private const int MaxOnStack = 512;

    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        _connection = connection;
        SqliteFailure.ThrowIfFailed(raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement), connection);
    }

    public SqliteStatement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, long? value)
    {
        Check(value is { } some ? raw.sqlite3_bind_int64(_statement, parameter, some) : raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    public SqliteStatement Bind(int parameter, double value)
    {
        Check(raw.sqlite3_bind_double(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, string? value)
    {
        if (value is null)
        {
            Check(raw.sqlite3_bind_null(_statement, parameter));
            return this;
        }

        var size = Encoding.UTF8.GetMaxByteCount(value.Length);
        var utf8 = size <= MaxOnStack ? stackalloc byte[MaxOnStack] : new byte[size];
        Check(raw.sqlite3_bind_text(_statement, parameter, utf8[..Encoding.UTF8.GetBytes(value, utf8)]));
        return this;
    }

    /// <summary>Goes to the next row; false at the end.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        SqliteFailure.ThrowIfFailed(code, _connection);
        return false;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public int Int32(int column) => raw.sqlite3_column_int(_statement, column);

    public double Double(int column) => raw.sqlite3_column_double(_statement, column);

    public long? NullableInt64(int column) => IsNull(column) ? null : Int64(column);

    public int? NullableInt32(int column) => IsNull(column) ? null : Int32(column);

    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    public string? NullableText(int column) => IsNull(column) ? null : Text(column);

    /// <summary>Runs it to its end and says how many rows it changed.</summary>
    public int Execute()
    {
        try
        {
            while (Step())
            {
            }

            return raw.sqlite3_changes(_connection);
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>
    /// Maps the first row, or gives <c>default</c> when there is none, and runs the statement to its end.
    /// </summary>
    public T? First<T>(Func<SqliteStatement, T> map)
    {
        try
        {
            if (!Step())
            {
                return default;
            }

            var first = map(this);
            while (Step())
            {
            }

            return first;
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>Maps every row.</summary>
    public List<T> All<T>(Func<SqliteStatement, T> map)
    {
        try
        {
            List<T> all = [];
            while (Step())
            {
                all.Add(map(this));
            }

            return all;
        }
        finally
        {
            Reset();
        }
    }

    // An error of the last step is reported by that step already.
    public void Reset() => _ = raw.sqlite3_reset(_statement);

    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteFailure.ThrowIfFailed(code, _connection);
}
