using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Core;

/// <summary>
/// The party that owns runners and tasks (docs/contract/security.md, Identity: keys and tenants). Its name is 1 to 63
/// lower-case letters, digits and '-'; the value of an unset tenant is <see cref="Default"/>.
/// </summary>
[JsonConverter(typeof(TenantJsonConverter))]
public readonly record struct Tenant
{
    /// <summary>The name of <see cref="Default"/>.</summary>
    public const string DefaultName = "default";

    private const int MaxLength = 63;
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    // Null for the default one, so that it equals an unset value.
    private readonly string? _name;

    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The name is malformed.</exception>
    public Tenant(string name)
    {
        if (!IsName(name))
        {
            throw new ArgumentException($"Invalid tenant '{name}': must be 1 to {MaxLength} lower-case letters, digits or '-'.", nameof(name));
        }

        _name = name == DefaultName ? null : name;
    }

    /// <summary>The tenant where none is named.</summary>
    public static Tenant Default => default;

    /// <summary>Its name.</summary>
    public string Name => _name ?? DefaultName;

    /// <summary>Reads a name; false when it is malformed.</summary>
    public static bool TryParse([NotNullWhen(true)] string? name, out Tenant tenant)
    {
        if (!IsName(name))
        {
            tenant = default;
            return false;
        }

        tenant = new Tenant(name);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => Name;

    private static bool IsName([NotNullWhen(true)] string? name) =>
        name is { Length: >= 1 and <= MaxLength } && !name.AsSpan().ContainsAnyExcept(Allowed);
}

/// <summary>Writes a tenant as its name.</summary>
public sealed class TenantJsonConverter : JsonConverter<Tenant>
{
    /// <inheritdoc />
    public override Tenant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Tenant.TryParse(reader.GetString(), out var tenant) ? tenant : throw new JsonException("A tenant's name is malformed.");

    /// <inheritdoc />
    public override void Write(Utf8JsonWriter writer, Tenant value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}
