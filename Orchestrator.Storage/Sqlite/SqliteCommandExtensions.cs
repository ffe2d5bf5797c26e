using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Orchestrator.Storage.Sqlite;

/// <summary>Parameters by number, from 1, and rows mapped by a function; columns are numbered from 0.</summary>
internal static class SqliteCommandExtensions
{
    public static SqliteCommand Bind(this SqliteCommand command, int parameter, long value) => command.Set(parameter, value);

    public static SqliteCommand Bind(this SqliteCommand command, int parameter, long? value) => command.Set(parameter, value);

    public static SqliteCommand Bind(this SqliteCommand command, int parameter, double value) => command.Set(parameter, value);

    public static SqliteCommand Bind(this SqliteCommand command, int parameter, string? value) => command.Set(parameter, value);

    /// <summary>Maps the first row, or returns <c>default</c> when there is none, and runs the command to its end.</summary>
    public static T? First<T>(this SqliteCommand command, Func<SqliteDataReader, T> map)
    {
        using var row = command.ExecuteReader();
        if (!row.Read())
        {
            return default;
        }

        var first = map(row);
        while (row.Read())
        {
        }

        return first;
    }

    /// <summary>Maps every row.</summary>
    public static List<T> All<T>(this SqliteCommand command, Func<SqliteDataReader, T> map)
    {
        using var row = command.ExecuteReader();
        List<T> all = [];
        while (row.Read())
        {
            all.Add(map(row));
        }

        return all;
    }

    public static long? GetNullableInt64(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static int? GetNullableInt32(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static string? GetNullableString(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    // A prepared command keeps its parameters, so that a call only changes their values.
    private static SqliteCommand Set(this SqliteCommand command, int parameter, object? value)
    {
        var parameters = command.Parameters;
        while (parameters.Count < parameter)
        {
            parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"?{parameters.Count + 1}") });
        }

        parameters[parameter - 1].Value = value ?? DBNull.Value;
        return command;
    }
}
