using System.Globalization;
using System.Text;
using System.Text.Json;
using Docker.DotNet.Json;

namespace Docker.DotNet.Transport;

/// <summary>A query string. As upstream does, what is null, false or zero is left out.</summary>
internal sealed class Query
{
    private readonly StringBuilder _text = new();

    public Query Add(string name, string? value)
    {
        if (value is not null)
        {
            _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return this;
    }

    public Query Add(string name, bool? value) => Add(name, value == true ? "1" : null);

    public Query Add(string name, long? value) =>
        Add(name, value is null or 0 ? null : value.Value.ToString(CultureInfo.InvariantCulture));

    public Query Add(string name, IDictionary<string, IDictionary<string, bool>>? filters) =>
        Add(name, filters is null ? null : JsonSerializer.Serialize(filters, EngineJson.Default.Filters));

    public Query Add(string name, IEnumerable<string>? values)
    {
        foreach (var value in values ?? [])
        {
            Add(name, value);
        }

        return this;
    }

    public override string ToString() => _text.ToString();
}
