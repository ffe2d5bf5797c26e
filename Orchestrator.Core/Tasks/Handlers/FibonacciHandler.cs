using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Orchestrator.Core.Tasks.Handlers;

/// <summary>Computes Fibonacci numbers, exactly, by fast doubling.</summary>
/// <param name="limit">The largest n.</param>
public sealed class FibonacciHandler(int limit) : ITaskHandler
{
    /// <summary>The type's name.</summary>
    public const string Name = "fibonacci";

    private const string Field = "n";

    /// <inheritdoc />
    public string Type => Name;

    /// <inheritdoc />
    public string InputSchema { get; } = string.Create(CultureInfo.InvariantCulture, $$"""
        {"type":"object","required":["n"],"additionalProperties":false,"properties":{
        "n":{"type":"integer","minimum":0,"maximum":{{limit}} } } }
        """);

    /// <summary>The input for a number.</summary>
    public static string InputFor(int n) => string.Create(CultureInfo.InvariantCulture, $$"""{"{{Field}}":{{n}}}""");

    /// <summary>What is wrong with an n; null when it is a whole number from 0 to the limit.</summary>
    public string? RefuseNumber(JsonElement n, string field) =>
        Read(n) is null ? $"{field} must be a whole number from 0 to {limit}." : null;

    /// <summary>Reads a whole number from 0 to the limit; null for anything else.</summary>
    public int? Read(JsonElement n) => WholeNumberConverter.Find(n) is { } number && number >= 0 && number <= limit ? (int)number : null;

    /// <inheritdoc />
    public string? Refuse(JsonElement input) => TaskInput.Problem(input, Field)
        ?? (input.TryGetProperty(Field, out var n) ? RefuseNumber(n, Field) : $"{Field} is required.");

    /// <inheritdoc />
    public ValueTask<string> ExecuteAsync(JsonElement input, TaskContext context)
    {
        if (Refuse(input) is { } problem)
        {
            throw new TaskFailedException(problem, retry: false);
        }

        var result = Compute(Read(input.GetProperty(Field))!.Value, context.CancellationToken);

        // Written once: an interpolated string retries with a buffer twice as large, again and again, which takes a second for
        // the largest.
        var digits = result.ToString(CultureInfo.InvariantCulture);
        return ValueTask.FromResult(result <= (1L << 53) - 1 ? digits : string.Concat("\"", digits, "\""));
    }

    /// <summary>F(n), with F(0) = 0 and F(1) = 1.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static BigInteger Compute(int n, CancellationToken cancellationToken)
    {
        // F(2k) = F(k) (2 F(k+1) - F(k)),  F(2k+1) = F(k)² + F(k+1)²
        BigInteger current = 0, next = 1;
        for (var bit = 31 - BitOperations.LeadingZeroCount((uint)n | 1); bit >= 0; bit--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var even = current * ((next << 1) - current);
            var odd = (current * current) + (next * next);
            (current, next) = (n >> bit & 1) == 0 ? (even, odd) : (odd, even + odd);
        }

        return current;
    }
}
